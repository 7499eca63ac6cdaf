/**
 * Every setting of the agent, once: its type, default, help, flag, environment name and YAML key all come from here.
 *
 * Flag `--http-addr`, environment `MILLRACE_HTTP_ADDR` and YAML key `http-addr` are one option; precedence is flag,
 * environment, file, default.
 */
import {
  addressOption,
  choiceOption,
  countOption,
  durationOption,
  hostListOption,
  type OptionKind,
  pathOption,
  sizeOption,
  switchOption,
  tagsOption,
  textOption,
  zoneOption,
} from './option-kind.ts'

export interface Option<Value> {
  readonly kind: OptionKind<Value>
  readonly defaultText: string
  readonly help: string
}

function option<Value>(kind: OptionKind<Value>, defaultText: string, help: string): Option<Value> {
  return { kind, defaultText, help }
}

/** The key is the flag without its dashes. */
export const options = {
  'data-dir': option(
    pathOption,
    './millrace-data',
    'Directory of everything this agent keeps; created with mode 0700.',
  ),
  'node-name': option(textOption, '', 'Name of this node, unique in the cluster. Empty: the name of the host.'),
  'http-addr': option(addressOption, '127.0.0.1:8080', 'Where the Dkron API answers.'),
  'udup-addr': option(addressOption, '127.0.0.1:8190', 'Where the Udup API answers.'),
  'nats-addr': option(addressOption, '127.0.0.1:8193', 'Where the embedded NATS server listens.'),
  'nats-route-addr': option(
    textOption,
    '',
    "Where the embedded NATS server meets the cluster's others, HOST:PORT. Empty: the host of --nats-addr, its port plus 1.",
  ),
  'nats-servers': option(
    choiceOption(['1', '3', '5'] as const),
    '3',
    'How many agents of a cluster run an embedded NATS server at most; the others are its clients.',
  ),
  nats: option(textOption, 'embedded', '"embedded", or nats://host:port of a NATS server that you run.'),
  'nats-auth-file': option(
    pathOption,
    '',
    'File with what the NATS of --nats asks for: user:password, a token, an nkey seed, or credentials (.creds).',
  ),
  'nats-domain': option(textOption, '', 'JetStream domain of the NATS of --nats, behind a leaf node for example.'),
  'nats-replicas': option(
    choiceOption(['auto', '1', '3', '5'] as const),
    'auto',
    'Copies that the NATS of --nats keeps of each stream. auto: 3 where it has three servers.',
  ),
  'nats-server': option(
    pathOption,
    '',
    "The nats-server program, 2.10.23 or later. Empty: the project's cache, then PATH.",
  ),
  join: option(
    hostListOption,
    '',
    'NATS addresses of agents to form a cluster with, HOST:PORT, comma separated. The agent named first founds it.',
  ),
  advertise: option(
    textOption,
    '',
    'Host under which the other agents reach this one. Empty: the host of --nats-addr, or the host name where that is a wildcard.',
  ),
  'cluster-token-file': option(
    pathOption,
    '',
    "File with the secret that all agents of a cluster share; `millrace keygen` makes one. Empty: the data directory's own.",
  ),
  'tls-ca-file': option(
    pathOption,
    '',
    'Certificate authority that agents and NATS servers of the cluster trust, PEM.',
  ),
  'tls-cert-file': option(pathOption, '', "This node's certificate for connections between nodes, PEM."),
  'tls-key-file': option(pathOption, '', "The certificate's private key, PEM."),
  tag: option(tagsOption, '', 'A tag of this node as key=value; may be given again. Jobs choose nodes by tags.'),
  timezone: option(zoneOption, 'UTC', 'Time zone of schedules that name none.'),
  'log-level': option(
    choiceOption(['debug', 'info', 'warn', 'error'] as const),
    'info',
    'Least severe message that is logged.',
  ),
  'leave-timeout': option(durationOption, '30s', 'How long a leaving agent waits for running work.'),
  'allow-host': option(hostListOption, '', 'More host names under which the APIs may be called, comma separated.'),
  'api-token-file': option(
    pathOption,
    '',
    'File with the token that callers of the APIs must show (Authorization: Bearer ...). Empty: none is asked for.',
  ),
  insecure: option(switchOption, 'false', 'Allow API addresses that are not loopback without an access token.'),
  'output-limit': option(sizeOption, '256000', "Bytes kept of a command's output: its end."),
  'history-limit': option(countOption(1, 100_000), '100', 'Executions kept of each scheduled job.'),
  'stream-limit': option(sizeOption, '1GB', 'Bytes of changes a replication job may hold between its two tasks.'),
} as const

export type OptionName = keyof typeof options

type ValueOf<Entry> = Entry extends Option<infer Value> ? Value : never

/** The settings, each under its flag's name. */
export type Settings = { readonly [Name in OptionName]: ValueOf<(typeof options)[Name]> }

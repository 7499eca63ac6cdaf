/** Something to know about the state of the cluster, for people, with the cure. */

/** `critical`: something does not work. `warning`: it works, and is at risk. `note`: it is as it was set up. */
export type Severity = 'critical' | 'warning' | 'note'

export interface Warning {
  readonly severity: Severity
  readonly text: string
}

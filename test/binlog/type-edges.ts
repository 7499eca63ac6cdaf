/** Columns of every type with values at their edges, as SQL, for each kind of server. */
import type { ServerKind } from '../harness/mysql-servers.ts'

export interface EdgeColumn {
  readonly name: string
  readonly definition: string
  /** SQL expressions; NULL is added. */
  readonly values: readonly string[]
  readonly isUnsigned?: boolean
  /** Character set of text columns, `binary` for bytes. */
  readonly charset?: string
}

/** `_charset X'..'`: the bytes, as text of that character set. */
function text(charset: string, ...hexes: string[]): string[] {
  return hexes.map((hex) => `_${charset} X'${hex}'`)
}

function textColumn(charset: string, definition: string, ...hexes: string[]): EdgeColumn {
  const name = `${definition.split(/[ (]/)[0]}_${charset}_${definition.replace(/\D/g, '')}`.toLowerCase()
  return {
    name,
    definition: `${definition} CHARACTER SET ${charset}`,
    values: ["''", ...text(charset, ...hexes)],
    charset,
  }
}

function integers(type: string, bits: number): EdgeColumn[] {
  const half = 2n ** BigInt(bits - 1)
  return [
    { name: `${type}_s`, definition: type, values: [`${-half}`, `${half - 1n}`, '0', '-1', '1'] },
    {
      name: `${type}_u`,
      definition: `${type} UNSIGNED`,
      values: ['0', `${half * 2n - 1n}`, `${half}`, '1'],
      isUnsigned: true,
    },
  ]
}

const members = (count: number) => Array.from({ length: count }, (_none, index) => `'m${index + 1}'`).join(',')
const nines = (before: number, after: number) => `${'9'.repeat(before)}${after > 0 ? `.${'9'.repeat(after)}` : ''}`

const numbers: readonly EdgeColumn[] = [
  ...integers('TINYINT', 8),
  ...integers('SMALLINT', 16),
  ...integers('MEDIUMINT', 24),
  ...integers('INT', 32),
  ...integers('BIGINT', 64),
  { name: 'zerofilled', definition: 'INT(6) ZEROFILL', values: ['7', '4294967295'], isUnsigned: true },
  { name: 'bit_1', definition: 'BIT(1)', values: ['0', '1'] },
  { name: 'bit_13', definition: 'BIT(13)', values: ['0', '8191', '4097'] },
  { name: 'bit_64', definition: 'BIT(64)', values: ['0', '18446744073709551615', '9223372036854775808', '1'] },
  {
    name: 'float_',
    definition: 'FLOAT',
    values: [
      '0',
      '-0e0',
      '3.402823466e38',
      '-3.402823466e38',
      '1.175494351e-38',
      '0.1',
      '16777217',
      '1e-45',
      '-1.5',
      '123456.789',
    ],
  },
  { name: 'float_7_3', definition: 'FLOAT(7,3)', values: ['0.001', '9999.999', '-1234.567'] },
  {
    name: 'double_',
    definition: 'DOUBLE',
    values: [
      '0',
      '-0e0',
      '1.7976931348623157e308',
      '-1.7976931348623157e308',
      '2.2250738585072014e-308',
      '5e-324',
      '0.1',
      '1e21',
      '0.30000000000000004',
      '1e0/3',
      '-1e-7',
    ],
  },
  {
    name: 'dec_65_30',
    definition: 'DECIMAL(65,30)',
    values: [nines(35, 30), `-${nines(35, 30)}`, '0', '-0.000000000000000000000000000001', '1.5'],
  },
  { name: 'dec_10_0', definition: 'DECIMAL(10,0)', values: ['9999999999', '-9999999999', '0'] },
  { name: 'dec_5_5', definition: 'DECIMAL(5,5)', values: ['0.99999', '-0.00001', '0'] },
  { name: 'dec_18_9', definition: 'DECIMAL(18,9)', values: ['123456789.123456789', '-1.000000001', '100000000'] },
  {
    name: 'dec_20_4',
    definition: 'DECIMAL(20,4) UNSIGNED',
    values: ['1234567890123456.7891', '0.0001'],
    isUnsigned: true,
  },
]

const times: readonly EdgeColumn[] = [
  {
    name: 'date_',
    definition: 'DATE',
    values: ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'2024-00-00'", "'2024-02-31'"],
  },
  {
    name: 'datetime_0',
    definition: 'DATETIME',
    values: ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"],
  },
  {
    name: 'datetime_3',
    definition: 'DATETIME(3)',
    values: ["'0000-00-00 00:00:00'", "'2024-02-29 12:34:56.789'", "'9999-12-31 23:59:59.999'"],
  },
  {
    name: 'datetime_6',
    definition: 'DATETIME(6)',
    values: ["'2024-00-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"],
  },
  {
    name: 'timestamp_0',
    definition: 'TIMESTAMP NULL',
    values: ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"],
  },
  {
    name: 'timestamp_1',
    definition: 'TIMESTAMP(1) NULL',
    values: ["'2024-02-29 12:34:56.7'", "'0000-00-00 00:00:00'"],
  },
  {
    name: 'timestamp_6',
    definition: 'TIMESTAMP(6) NULL',
    values: ["'1970-01-01 00:00:01.000001'", "'2038-01-19 03:14:07.999999'", "'2024-03-31 01:30:00.5'"],
  },
  { name: 'time_0', definition: 'TIME', values: ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"] },
  { name: 'time_2', definition: 'TIME(2)', values: ["'-00:00:00.01'", "'-838:59:58.99'", "'12:34:56.78'"] },
  { name: 'time_3', definition: 'TIME(3)', values: ["'-00:00:00.001'", "'-01:00:00.000'", "'837:59:59.999'"] },
  {
    name: 'time_6',
    definition: 'TIME(6)',
    values: ["'-00:00:00.000001'", "'-838:59:58.999999'", "'838:59:58.999999'", "'00:00:00.1'"],
  },
  { name: 'year_', definition: 'YEAR', values: ['0', '1901', '2155', '2000'], isUnsigned: true },
]

const bytes: readonly EdgeColumn[] = [
  {
    name: 'binary_8',
    definition: 'BINARY(8)',
    values: ["''", "X'00'", "X'2020'", "X'ff00ff00ff00ff00'", "X'0102030000000000'"],
    charset: 'binary',
  },
  { name: 'binary_255', definition: 'BINARY(255)', values: ["X'00'", "REPEAT(X'fe', 255)"], charset: 'binary' },
  { name: 'varbinary_8', definition: 'VARBINARY(8)', values: ["''", "X'00'", "X'200020'"], charset: 'binary' },
  { name: 'varbinary_300', definition: 'VARBINARY(300)', values: ["''", "REPEAT(X'00', 300)"], charset: 'binary' },
  { name: 'tinyblob_', definition: 'TINYBLOB', values: ["''", "REPEAT(X'ff', 255)"], charset: 'binary' },
  { name: 'blob_', definition: 'BLOB', values: ["''", "REPEAT(X'5c27', 30000)"], charset: 'binary' },
  { name: 'mediumblob_', definition: 'MEDIUMBLOB', values: ["''", "REPEAT(X'00', 70000)"], charset: 'binary' },
  { name: 'longblob_', definition: 'LONGBLOB', values: ["''", "X'e4'"], charset: 'binary' },
]

const texts: readonly EdgeColumn[] = [
  textColumn('latin1', 'CHAR(10)', '412020', 'e4f6fc80', '20'),
  textColumn('latin1', 'VARCHAR(20)', '412020', '8081', '5c275c'),
  textColumn('utf8', 'CHAR(200)', 'c3a4', 'e282ac20'),
  textColumn('utf8mb4', 'CHAR(255)', 'f09f9880', '61'),
  textColumn('utf8mb4', 'VARCHAR(300)', 'f09f9880', '2061'),
  textColumn('gbk', 'VARCHAR(20)', 'd6d0', 'bf5c'),
  textColumn('sjis', 'VARCHAR(20)', '835c', '82a0'),
  textColumn('ujis', 'VARCHAR(20)', 'a4a2', '8fb0a1'),
  textColumn('utf16', 'VARCHAR(20)', '0041', 'd83dde00'),
  textColumn('utf16', 'CHAR(20)', '00410020', '20ac'),
  textColumn('utf32', 'CHAR(20)', '0001f600', '00000041'),
  textColumn('ucs2', 'VARCHAR(20)', '20ac'),
  textColumn('latin2', 'TINYTEXT', 'b1e6'),
  textColumn('utf8mb4', 'TEXT', 'f09f9880', '27'),
  textColumn('latin1', 'MEDIUMTEXT', '80'),
  textColumn('utf8mb4', 'LONGTEXT', 'c3a4'),
  { name: 'enum_', definition: "ENUM('a','','ä')", values: ["'a'", '2', "'nothing of these'", '3'] },
  { name: 'enum_300', definition: `ENUM(${members(300)})`, values: ["'m1'", "'m300'", "'m256'"] },
  { name: 'set_', definition: "SET('a','b','c')", values: ["''", "'a,c'", '7'] },
  { name: 'set_64', definition: `SET(${members(64)})`, values: ["''", "'m64'", '18446744073709551615', "'m1,m33'"] },
]

const shapes: readonly EdgeColumn[] = [
  {
    name: 'geometry_',
    definition: 'GEOMETRY',
    values: [
      "ST_GeomFromText('POINT(1 2)')",
      "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')",
    ],
  },
  { name: 'point_', definition: 'POINT', values: ["ST_GeomFromText('POINT(-1.5 0.1)')"] },
]

const json: readonly EdgeColumn[] = [
  {
    name: 'json_',
    definition: 'JSON',
    values: [
      "'null'",
      "'[]'",
      "'{}'",
      '\'{"a": [1, -1, 65536, -9223372036854775808, 18446744073709551615, 1.0, 1e300, 0.1, true, false, null, "ä\\\\"😀"]}\'',
      'CAST(1.10 AS JSON)',
      "JSON_ARRAY(1.10, CAST('99999999999999999999999999999999999.999999999999999999999999999999' AS DECIMAL(65,30)))",
      "JSON_OBJECT('d', CAST('2024-02-29' AS DATE), 't', CAST('-838:59:59.000001' AS TIME(6)), 'dt', CAST('2024-02-29 23:59:59.123456' AS DATETIME(6)))",
      'JSON_ARRAY(CAST(5 AS UNSIGNED), 5, CAST(70000 AS UNSIGNED), 70000, CAST(9223372036854775807 AS UNSIGNED))',
      'JSON_ARRAY(0.1e0, 1e0/3, -0e0, 1e16, 123456789012345680e0, 5e-324, 1.7976931348623157e308)',
      "JSON_ARRAY(X'00ff')",
      "JSON_ARRAY(REPEAT('x', 70000), 70000, -70000)",
      '\'"\\\\u0000\\\\u001f\\\\\\\\ /\\\\b"\'',
    ],
  },
]

const newMysql: readonly EdgeColumn[] = [
  ...json,
  textColumn('gb18030', 'VARCHAR(20)', 'd6d0', '81308130'),
  { name: 'vector_', definition: 'VECTOR(3)', values: ["STRING_TO_VECTOR('[1,2.5,-3]')"], charset: 'binary' },
  { name: 'srid_', definition: 'POINT SRID 4326', values: ["ST_GeomFromText('POINT(10 20)', 4326)"] },
]

const mariadb: readonly EdgeColumn[] = [
  { name: 'json_', definition: 'JSON', values: ["'null'", '\'{"a":  [1.10,2]}\''], charset: 'utf8mb4' },
  {
    name: 'uuid_',
    definition: 'UUID',
    values: ["'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'"],
    charset: 'binary',
  },
  { name: 'inet6_', definition: 'INET6', values: ["'::'", "'2001:db8::ff00:42:8329'"], charset: 'binary' },
  { name: 'inet4_', definition: 'INET4', values: ["'0.0.0.0'", "'192.168.0.1'"], charset: 'binary' },
  {
    name: 'varchar_compressed',
    definition: 'VARCHAR(2000) COMPRESSED CHARACTER SET utf8mb4',
    values: ["''", "'short'", "REPEAT('long ', 300)"],
    charset: 'utf8mb4',
  },
  {
    name: 'blob_compressed',
    definition: 'BLOB COMPRESSED',
    values: ["''", "X'00'", "REPEAT(X'00', 60000)"],
    charset: 'binary',
  },
]

export function edgeColumns(kind: ServerKind): readonly EdgeColumn[] {
  // Numbers after YEAR: whether it counts among the numeric columns decides where their signs are found.
  const common = [...times, ...shapes, ...numbers, ...bytes, ...texts]
  if (kind === 'mysql-9.7') return [...common, ...newMysql]
  return kind === 'mariadb-10.11' ? [...common, ...mariadb] : common
}

/** Row n holds each column's n-th value; NULL after its last one. */
export function edgeRows(columns: readonly EdgeColumn[]): readonly (readonly string[])[] {
  const count = Math.max(...columns.map((column) => column.values.length)) + 1
  return Array.from({ length: count }, (_none, row) => columns.map((column) => column.values[row] ?? 'NULL'))
}

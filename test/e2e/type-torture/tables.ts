/**
 * Tables with every column type at its edges, every kind of key, and names that break naive tools.
 *
 * Rows are SQL text, run on the source under a lax sql_mode in utf8mb4, so that what is stored is what the server makes
 * of it. `change` runs after the copy.
 */
import type { ServerKind } from '../../harness/mysql-servers.ts'

export interface TortureTable {
  /** Quoted, as SQL takes it. */
  readonly name: string
  readonly create: string
  /** Value lists without brackets, for the columns of `columns`. */
  readonly rows: readonly string[]
  readonly columns: string
  /** Statements run while changes are streamed. */
  readonly changes: readonly string[]
}

/** Tables whose types both vendors and all versions have. */
export function commonTables(): readonly TortureTable[] {
  return [
    integers,
    numbers,
    times,
    strings,
    blobs,
    enums,
    charsets,
    spatial,
    composite,
    keyless,
    nullableUnique,
    oddNames,
    selfReference,
  ]
}

/** Tables that only this kind of server has; for pairs of one vendor and version. */
export function ownTables(kind: ServerKind): readonly TortureTable[] {
  if (kind === 'mysql-5.6') return [negativeZero]
  if (kind === 'mysql-9.7') return [negativeZero, json, generatedColumns, modernMysql, modernCharsets]
  if (kind === 'mariadb-10.11') return [jsonText, generatedColumnsMariadb, mariadbTypes]
  return []
}

const integers: TortureTable = {
  name: 'integers',
  create: `CREATE TABLE integers (id INT PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, su SMALLINT UNSIGNED, m MEDIUMINT,
    mu MEDIUMINT UNSIGNED, i INT, iu INT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED, z INT(8) ZEROFILL, flag BOOLEAN,
    b1 BIT(1), b9 BIT(9), b33 BIT(33), b64 BIT(64), y YEAR)`,
  columns: 'id,t,tu,s,su,m,mu,i,iu,b,bu,z,flag,b1,b9,b33,b64,y',
  rows: [
    `1,-128,0,-32768,0,-8388608,0,-2147483648,0,-9223372036854775808,0,0,0,b'0',b'0',b'0',b'0',0`,
    `2,127,255,32767,65535,8388607,16777215,2147483647,4294967295,9223372036854775807,18446744073709551615,42,1,b'1',b'111111111',0x1FFFFFFFF,0xFFFFFFFFFFFFFFFF,2155`,
    `3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL`,
    `4,-1,128,-1,32768,-1,8388608,-1,2147483648,-1,9223372036854775808,7,1,b'1',b'100000000',0x100000000,0x8000000000000001,1901`,
  ],
  changes: [
    'UPDATE integers SET t = -t - 1, b = b - 1 WHERE id IN (2)',
    'UPDATE integers SET bu = 18446744073709551614, b64 = 0x7FFFFFFFFFFFFFFF, y = 1999 WHERE id = 1',
    'UPDATE integers SET id = -2147483648 WHERE id = 3',
    'INSERT INTO integers SELECT id + 100, t, tu, s, su, m, mu, i, iu, b, bu, z, flag, b1, b9, b33, b64, y FROM integers',
    'DELETE FROM integers WHERE id = 104',
  ],
}

const numbers: TortureTable = {
  name: 'numbers',
  create: `CREATE TABLE numbers (id INT PRIMARY KEY, f FLOAT, d DOUBLE, fu FLOAT UNSIGNED, f53 FLOAT(7,3), d1 DECIMAL(1,0), d10 DECIMAL(10,5),
    d65 DECIMAL(65,30), d65i DECIMAL(65,0), d30 DECIMAL(30,30), dz DECIMAL(12,4) ZEROFILL)`,
  columns: 'id,f,d,fu,f53,d1,d10,d65,d65i,d30,dz',
  rows: [
    `1,3.402823466e38,1.7976931348623157e308,0.1,1234.567,9,99999.99999,99999999999999999999999999999999999.999999999999999999999999999999,99999999999999999999999999999999999999999999999999999999999999999,0.999999999999999999999999999999,1.5`,
    `2,-3.402823466e38,-1.7976931348623157e308,0,-1234.567,-9,-99999.99999,-99999999999999999999999999999999999.999999999999999999999999999999,-99999999999999999999999999999999999999999999999999999999999999999,-0.999999999999999999999999999999,0`,
    `3,1.175494351e-38,2.2250738585072014e-308,1e-30,0.001,0,0.00001,0.000000000000000000000000000001,1,0.000000000000000000000000000001,0.0001`,
    `4,0.1,0.1,16777217,0,NULL,NULL,NULL,NULL,NULL,NULL`,
    `5,0,0,0.3333333333333333,100.5,5,-0.5,-1.5,-7,-0.5,12345678.9`,
    `6,1.4e-45,4.9406564584124654e-324,7.038531e-26,0,1,123.456,1e-5,123456789012345678901234567890,0.1,1`,
  ],
  changes: [
    'UPDATE numbers SET f = f / 3, d = d / 3 WHERE id > 2',
    'UPDATE numbers SET d65 = -d65, d10 = d10 / 7 WHERE id < 4',
    'INSERT INTO numbers SELECT id + 100, f, d, fu, f53, d1, d10, d65, d65i, d30, dz FROM numbers',
    'DELETE FROM numbers WHERE id = 2',
  ],
}

/** MariaDB stores 0 for it, whatever it is given. */
const negativeZero: TortureTable = {
  name: 'negative_zero',
  create: 'CREATE TABLE negative_zero (id INT PRIMARY KEY, f FLOAT, d DOUBLE)',
  columns: 'id,f,d',
  rows: ['1,-0e0,-0e0', '2,0,0'],
  changes: [
    'UPDATE negative_zero SET f = -0e0 WHERE id = 2',
    'INSERT INTO negative_zero SELECT id + 10, f, d FROM negative_zero',
  ],
}

const times: TortureTable = {
  name: 'times',
  create: `CREATE TABLE times (id INT PRIMARY KEY, d DATE, t0 TIME, t3 TIME(3), t6 TIME(6), dt0 DATETIME, dt1 DATETIME(1), dt4 DATETIME(4), dt6 DATETIME(6),
    ts0 TIMESTAMP NULL, ts2 TIMESTAMP(2) NULL, ts6 TIMESTAMP(6) NULL)`,
  columns: 'id,d,t0,t3,t6,dt0,dt1,dt4,dt6,ts0,ts2,ts6',
  rows: [
    `1,'1000-01-01','-838:59:59','-838:59:59','-838:59:59.000000','1000-01-01 00:00:00','1000-01-01 00:00:00.1','1000-01-01 00:00:00.0001','1000-01-01 00:00:00.000001','1970-01-01 00:00:01','1970-01-01 00:00:01.01','1970-01-01 00:00:01.000001'`,
    `2,'9999-12-31','838:59:59','838:59:59','838:59:59.000000','9999-12-31 23:59:59','9999-12-31 23:59:59.9','9999-12-31 23:59:59.9999','9999-12-31 23:59:59.999999','2038-01-19 03:14:07','2038-01-19 03:14:07.99','2038-01-19 03:14:07.999999'`,
    `3,'0000-00-00','00:00:00','-00:00:00.001','-00:00:00.000001','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00'`,
    `4,'2024-00-00','-01:02:03','01:02:03.5','-23:59:59.999999','2024-02-00 10:11:12','2024-02-29 10:11:12.3','2024-02-29 10:11:12.3456','2024-02-29 10:11:12.345678','2024-03-31 01:30:00','2024-10-27 00:30:00.50','2024-10-27 01:30:00.123456'`,
    `5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL`,
    `6,'0001-01-01','100:00:00','-100:00:00.123','12:34:56.000001','0001-01-01 00:00:00','2000-01-01 00:00:00.0','1999-12-31 23:59:59.5','1969-12-31 23:59:59.999999','2001-09-09 01:46:40','2001-09-09 01:46:40.00','2001-09-09 01:46:40.500000'`,
  ],
  changes: [
    `UPDATE times SET t3 = '-12:00:00.999', dt4 = '2030-05-06 07:08:09.1234', ts6 = '2030-05-06 07:08:09.123456' WHERE id IN (1, 5)`,
    `UPDATE times SET d = '2023-00-15' WHERE id = 2`,
    'INSERT INTO times SELECT id + 100, d, t0, t3, t6, dt0, dt1, dt4, dt6, ts0, ts2, ts6 FROM times',
    'DELETE FROM times WHERE id IN (3, 106)',
  ],
}

const strings: TortureTable = {
  name: 'strings',
  create: `CREATE TABLE strings (id INT PRIMARY KEY, c CHAR(10), c0 CHAR(0), v VARCHAR(255), vlong VARCHAR(5000), tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT,
    cb CHAR(6) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin) DEFAULT CHARSET=utf8mb4`,
  columns: 'id,c,c0,v,vlong,tt,t,mt,lt,cb',
  rows: [
    `1,'','','','','','','','',''`,
    `2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL`,
    `3,'it''s  ','',' "quoted" \\\\ back\\nline\\0nul  ',REPEAT('é',2500),REPEAT('x',255),REPEAT('y',65535),REPEAT('z€',40000),REPEAT('漢字😀',60000),'a  '`,
    `4,'äöüß€漢字😀','','%_\\'\\Z\\r\\t','-- not a comment /* nor this */','\`tick\`',CONCAT(CHAR(0),CHAR(255 USING latin1)),'NULL','x''y','😀😀'`,
  ],
  changes: [
    `UPDATE strings SET v = CONCAT(v, ' trailing   '), c = 'Z   ', t = REPEAT('ñ', 20000) WHERE id = 3`,
    `UPDATE strings SET v = NULL, tt = '', lt = REPEAT('💧', 100) WHERE id IN (1, 4)`,
    'INSERT INTO strings SELECT id + 100, c, c0, v, vlong, tt, t, mt, lt, cb FROM strings',
    'DELETE FROM strings WHERE id = 102',
  ],
}

const blobs: TortureTable = {
  name: 'blobs',
  create: `CREATE TABLE blobs (k VARBINARY(40) NOT NULL PRIMARY KEY, b BINARY(8), vb VARBINARY(300), tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB)`,
  columns: 'k,b,vb,tb,bl,mb,lb',
  rows: [
    `0x00,0x00,0x00,0x00,0x00,0x00,0x00`,
    `0x0000,0x0100000000000000,0x20,0x0020,REPEAT(0xFF,65535),REPEAT(0x005C27,30000),REPEAT(0x0D0A1A,100000)`,
    `'',0xFFFFFFFFFFFFFFFF,'','','','',''`,
    `0xFF,NULL,NULL,NULL,NULL,NULL,NULL`,
    `0x2020,'a','a ','a  ',UNHEX(SHA2('x',256)),UNHEX(SHA2('y',256)),UNHEX(SHA2('z',256))`,
  ],
  changes: [
    `UPDATE blobs SET b = 0x0001, vb = REPEAT(0xC0, 300) WHERE k IN (0x00, 0x2020)`,
    `UPDATE blobs SET k = 0x000001 WHERE k = 0x0000`,
    `INSERT INTO blobs SELECT CONCAT(k, 0x7F), b, vb, tb, bl, mb, lb FROM blobs`,
    `DELETE FROM blobs WHERE k = ''`,
  ],
}

const members = Array.from({ length: 64 }, (_, index) => `'m${index}'`).join(',')
const manyValues = Array.from({ length: 300 }, (_, index) => `'v${index}'`).join(',')

const enums: TortureTable = {
  name: 'enums',
  create: `CREATE TABLE enums (id INT PRIMARY KEY, e ENUM('','a','ä','it''s','c,d'), big ENUM(${manyValues}), s SET('x','y','ž'), s64 SET(${members})) DEFAULT CHARSET=utf8mb4`,
  columns: 'id,e,big,s,s64',
  rows: [
    `1,'','v0','',''`,
    `2,'ä','v299','x,ž',18446744073709551615`,
    `3,NULL,NULL,NULL,NULL`,
    `4,'not a member','v255','y',9223372036854775808`,
    `5,'c,d','v256','x,y,ž','m0,m63'`,
  ],
  changes: [
    `UPDATE enums SET e = 'it''s', s64 = 'm1,m62' WHERE id IN (1, 4)`,
    'INSERT INTO enums SELECT id + 100, e, big, s, s64 FROM enums',
    'DELETE FROM enums WHERE id = 103',
  ],
}

const charsetSamples = {
  latin1: 'Grüße €uro',
  latin2: 'žluťoučký kůň',
  cp1251: 'Привет',
  koi8r: 'Привет',
  greek: 'Καλημέρα',
  hebrew: 'שלום',
  gbk: '漢字中文',
  big5: '漢字中文',
  sjis: '日本語ソ表',
  cp932: '日本語ソ表①',
  ujis: '日本語',
  euckr: '한국어',
  utf8: 'žä漢',
  utf8mb4: 'žä漢😀',
  utf16: 'žä漢😀',
  utf16le: 'žä漢😀',
  utf32: 'žä漢😀',
  ucs2: 'žä漢',
  ascii: 'plain',
  tis620: 'สวัสดี',
  cp850: 'Grüße',
  macroman: 'Grüße',
} as const

const charsetNames = Object.keys(charsetSamples) as (keyof typeof charsetSamples)[]

const charsets: TortureTable = {
  name: 'charsets',
  create: `CREATE TABLE charsets (id INT PRIMARY KEY, ${charsetNames.map((name) => `v_${name} VARCHAR(40) CHARACTER SET ${name}, t_${name} TEXT CHARACTER SET ${name}`).join(', ')}) DEFAULT CHARSET=latin1`,
  columns: `id,${charsetNames.map((name) => `v_${name},t_${name}`).join(',')}`,
  rows: [
    `1,${charsetNames.map((name) => `'${charsetSamples[name]}','${charsetSamples[name]} \\\\ '''`).join(',')}`,
    `2,${charsetNames.map(() => `'',NULL`).join(',')}`,
  ],
  changes: [
    `UPDATE charsets SET ${charsetNames.map((name) => `v_${name} = CONCAT(v_${name}, 'x '), t_${name} = REPEAT(v_${name}, 5)`).join(', ')} WHERE id = 1`,
    `INSERT INTO charsets SELECT id + 100, ${charsetNames.map((name) => `v_${name}, t_${name}`).join(', ')} FROM charsets`,
  ],
}

const spatial: TortureTable = {
  name: 'shapes',
  create: `CREATE TABLE shapes (id INT PRIMARY KEY, g GEOMETRY, p POINT, l LINESTRING, po POLYGON, mp MULTIPOINT, ml MULTILINESTRING, mpo MULTIPOLYGON, gc GEOMETRYCOLLECTION)`,
  columns: 'id,g,p,l,po,mp,ml,mpo,gc',
  rows: [
    `1,POINT(1,2),POINT(-1.5,1e10),LINESTRING(POINT(0,0),POINT(1,1)),POLYGON(LINESTRING(POINT(0,0),POINT(4,0),POINT(4,4),POINT(0,0))),MULTIPOINT(POINT(1,1),POINT(2,2)),MULTILINESTRING(LINESTRING(POINT(0,0),POINT(1,1))),MULTIPOLYGON(POLYGON(LINESTRING(POINT(0,0),POINT(4,0),POINT(4,4),POINT(0,0)))),GEOMETRYCOLLECTION(POINT(9,9))`,
    `2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL`,
  ],
  changes: [
    'UPDATE shapes SET g = LINESTRING(POINT(5,5),POINT(6,7)), p = POINT(0.1,0.2) WHERE id = 1',
    'INSERT INTO shapes SELECT id + 100, g, p, l, po, mp, ml, mpo, gc FROM shapes',
  ],
}

const composite: TortureTable = {
  name: 'composite',
  create: `CREATE TABLE composite (a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, b DECIMAL(8,2) NOT NULL, c DATETIME(3) NOT NULL, d ENUM('z','y','x') NOT NULL,
    v INT, PRIMARY KEY (a, b, c, d))`,
  columns: 'a,b,c,d,v',
  rows: Array.from(
    { length: 400 },
    (_, index) =>
      `'${['Ä', 'ab', 'b ', 'straße', '漢', ''][index % 6]}${index % 20}',${(index - 200) / 4},'2024-01-0${(index % 9) + 1} 00:00:00.${String(index).padStart(3, '0')}','${'zyx'[index % 3]}',${index}`,
  ),
  changes: [
    `UPDATE composite SET v = v + 1000 WHERE d = 'y'`,
    `UPDATE composite SET b = b + 5000 WHERE a LIKE 'ab%'`,
    `DELETE FROM composite WHERE d = 'x' AND b < 0`,
  ],
}

const keyless: TortureTable = {
  name: 'keyless',
  create: 'CREATE TABLE keyless (a INT, f FLOAT, s VARCHAR(20), b BLOB)',
  columns: 'a,f,s,b',
  rows: [
    `1,0.1,'same',0x00`,
    `1,0.1,'same',0x00`,
    `1,0.1,'same',0x00`,
    `NULL,NULL,NULL,NULL`,
    `NULL,NULL,NULL,NULL`,
    `2,0,'',''`,
  ],
  changes: [
    'DELETE FROM keyless WHERE a = 1 LIMIT 1',
    `UPDATE keyless SET s = 'changed' WHERE a = 1 LIMIT 1`,
    'DELETE FROM keyless WHERE a IS NULL LIMIT 1',
    'INSERT INTO keyless SELECT * FROM keyless',
    `UPDATE keyless SET f = 3.3 WHERE a = 2 LIMIT 1`,
  ],
}

const nullableUnique: TortureTable = {
  name: 'nullable_unique',
  create: 'CREATE TABLE nullable_unique (u INT, v VARCHAR(10), UNIQUE KEY (u))',
  columns: 'u,v',
  rows: [`NULL,'a'`, `NULL,'a'`, `1,'b'`, `2,'c'`],
  changes: [
    `UPDATE nullable_unique SET v = 'x' WHERE u IS NULL LIMIT 1`,
    'DELETE FROM nullable_unique WHERE u IS NULL LIMIT 1',
    'UPDATE nullable_unique SET u = NULL WHERE u = 2',
    `INSERT INTO nullable_unique VALUES (2, 'again')`,
  ],
}

const oddNames: TortureTable = {
  name: '`select from-me, "o\'d``d". Größe`',
  create:
    'CREATE TABLE `select from-me, "o\'d``d". Größe` (`order by` INT NOT NULL, `a``b` VARCHAR(10), `Größe.2` INT, `-- x` INT, PRIMARY KEY (`order by`))',
  columns: '`order by`,`a``b`,`Größe.2`,`-- x`',
  rows: [`1,'one',1,1`, `2,'two',2,2`],
  changes: [
    'UPDATE `select from-me, "o\'d``d". Größe` SET `Größe.2` = 9 WHERE `order by` = 1',
    `INSERT INTO \`select from-me, "o'd\`\`d". Größe\` VALUES (3, 'x', NULL, 4)`,
    'DELETE FROM `select from-me, "o\'d``d". Größe` WHERE `order by` = 2',
  ],
}

const selfReference: TortureTable = {
  name: 'tree',
  create: `CREATE TABLE tree (id INT PRIMARY KEY, parent INT, note VARCHAR(10), KEY (parent), CONSTRAINT tree_parent FOREIGN KEY (parent) REFERENCES tree (id) ON DELETE CASCADE) ENGINE=InnoDB`,
  columns: 'id,parent,note',
  rows: [`1,NULL,'root'`, `2,1,'child'`, `3,2,'leaf'`, `4,1,'other'`, `9,NULL,'lone'`],
  changes: [
    `INSERT INTO tree VALUES (10, 9, 'new')`,
    'DELETE FROM tree WHERE id = 2',
    `UPDATE tree SET note = 'x' WHERE id = 4`,
  ],
}

const json: TortureTable = {
  name: 'documents',
  create: 'CREATE TABLE documents (id INT PRIMARY KEY, j JSON)',
  columns: 'id,j',
  rows: [
    `1,'{}'`,
    `2,'[]'`,
    `3,'null'`,
    `4,NULL`,
    `5,'{"a":1,"b":-1,"big":18446744073709551615,"low":-9223372036854775808,"d":0.1,"e":1e300,"s":"it''s \\\\"q\\\\" \\\\\\\\ é 😀","n":null,"t":true,"f":false,"nested":[1,[2,{"x":[]}]]}'`,
    `6,'"just text"'`,
    `7,'1.7976931348623157e308'`,
    `8,CONCAT('[', REPEAT('"0123456789",', 9999), '"end"]')`,
  ],
  changes: [
    `UPDATE documents SET j = JSON_SET(j, '$.a', 99, '$.added', JSON_ARRAY(1, 'x')) WHERE id = 5`,
    `UPDATE documents SET j = JSON_OBJECT('d', CAST('1.10' AS DECIMAL(10,2)), 't', CAST('2024-02-29 10:11:12.5' AS DATETIME(6)), 'b', CAST('abc' AS BINARY)) WHERE id = 1`,
    'INSERT INTO documents SELECT id + 100, j FROM documents',
    'DELETE FROM documents WHERE id = 6',
  ],
}

const jsonText: TortureTable = {
  ...json,
  changes: [
    `UPDATE documents SET j = JSON_SET(j, '$.a', 99, '$.added', JSON_ARRAY(1, 'x')) WHERE id = 5`,
    'INSERT INTO documents SELECT id + 100, j FROM documents',
    'DELETE FROM documents WHERE id = 6',
  ],
}

const generatedColumns: TortureTable = {
  name: 'computed',
  create: `CREATE TABLE computed (id INT PRIMARY KEY, a INT, s INT AS (a * 2) STORED, v INT AS (a + 1) VIRTUAL, hidden INT DEFAULT 5 INVISIBLE, e VARCHAR(40) DEFAULT (CONCAT('x', 'y')), KEY ((a + id)), UNIQUE KEY (v))`,
  columns: 'id,a',
  rows: ['1,10', '2,NULL', '3,-5'],
  changes: [
    'UPDATE computed SET a = 100, hidden = 6 WHERE id = 1',
    'INSERT INTO computed (id, a) VALUES (4, 44)',
    'DELETE FROM computed WHERE id = 3',
  ],
}

const generatedColumnsMariadb: TortureTable = {
  ...generatedColumns,
  create: `CREATE TABLE computed (id INT PRIMARY KEY, a INT, s INT AS (a * 2) STORED, v INT AS (a + 1) VIRTUAL, hidden INT INVISIBLE DEFAULT 5, e VARCHAR(40) DEFAULT (CONCAT('x', 'y')), UNIQUE KEY (v))`,
}

const modernMysql: TortureTable = {
  name: 'modern',
  create: `CREATE TABLE modern (id INT PRIMARY KEY, embedding VECTOR(3), place POINT SRID 4326, ci VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, cs VARCHAR(20) COLLATE utf8mb4_0900_as_cs)`,
  columns: 'id,embedding,place,ci,cs',
  rows: [
    `1,STRING_TO_VECTOR('[1,-2.5,3e10]'),ST_GeomFromText('POINT(52.5 13.4)', 4326),'Ä ','ä'`,
    '2,NULL,NULL,NULL,NULL',
  ],
  changes: [
    `UPDATE modern SET embedding = STRING_TO_VECTOR('[0.1,0.2,0.3]'), ci = 'new' WHERE id = 1`,
    'INSERT INTO modern SELECT id + 10, embedding, place, ci, cs FROM modern',
  ],
}

const modernCharsets: TortureTable = {
  name: 'gb18030_text',
  create: 'CREATE TABLE gb18030_text (id INT PRIMARY KEY, v VARCHAR(40) CHARACTER SET gb18030)',
  columns: 'id,v',
  rows: [`1,'漢字😀'`, `2,''`],
  changes: [`UPDATE gb18030_text SET v = CONCAT(v, '中') WHERE id = 1`],
}

const mariadbTypes: TortureTable = {
  name: 'mariadb_types',
  create: `CREATE TABLE mariadb_types (id INT PRIMARY KEY, u UUID, a4 INET4, a6 INET6, packed BLOB COMPRESSED, ptext VARCHAR(2000) COMPRESSED) DEFAULT CHARSET=utf8mb4`,
  columns: 'id,u,a4,a6,packed,ptext',
  rows: [
    `1,'123e4567-e89b-12d3-a456-426655440000','192.168.0.1','2001:db8::ff00:42:8329',REPEAT(0x00FF,5000),REPEAT('é',900)`,
    `2,NULL,NULL,NULL,NULL,NULL`,
    `3,'ffffffff-ffff-ffff-ffff-ffffffffffff','255.255.255.255','::1','',''`,
  ],
  changes: [
    `UPDATE mariadb_types SET u = '00000000-0000-0000-0000-000000000000', a4 = '0.0.0.0', a6 = '::', packed = REPEAT('x', 3000) WHERE id = 1`,
    'INSERT INTO mariadb_types SELECT id + 10, u, a4, a6, packed, ptext FROM mariadb_types',
  ],
}

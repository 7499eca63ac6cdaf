import { expect, test } from 'vitest'
import { keyLines } from './deferred-keys.ts'

test('only plain secondary keys are found, as the server writes them', () => {
  const createSql = [
    'CREATE TABLE `t` (',
    '  `id` int NOT NULL AUTO_INCREMENT,',
    "  `KEY` varchar(20) DEFAULT '  KEY `x` (`y`),',",
    '  PRIMARY KEY (`id`),',
    '  UNIQUE KEY `u` (`v`),',
    '  KEY `plain` (`v`),',
    "  KEY `od``d, (name` (`v`(10),`w` DESC) USING BTREE COMMENT 'a, b' /*!80000 INVISIBLE */,",
    '  FULLTEXT KEY `f` (`t`),',
    '  SPATIAL KEY `s` (`g`),',
    '  KEY `last` (`w`),',
    '  CONSTRAINT `c` FOREIGN KEY (`w`) REFERENCES `p` (`id`)',
    ') ENGINE=InnoDB',
  ].join('\n')
  expect(keyLines(createSql)).toEqual([
    { name: 'plain', quoted: '`plain`', definition: 'KEY `plain` (`v`)' },
    {
      name: 'od`d, (name',
      quoted: '`od``d, (name`',
      definition: "KEY `od``d, (name` (`v`(10),`w` DESC) USING BTREE COMMENT 'a, b' /*!80000 INVISIBLE */",
    },
    { name: 'last', quoted: '`last`', definition: 'KEY `last` (`w`)' },
  ])
})

/**
 * The state that a session of ours works in, set in one round trip.
 *
 * Easy to get wrong: `copyingState` lets every byte through. With character_set_results NULL the server converts nothing,
 * so what comes is what is stored, but also names and messages come in their own character sets.
 */

/** Modes under which any stored value can be read and written back: zero dates, 0 in AUTO_INCREMENT, no strictness. */
export const lenientSqlMode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'

/** For statements of ours: UTF-8, UTC, lenient. */
export const plainState = `SET SESSION time_zone = '+00:00', sql_mode = '${lenientSqlMode}'`

/** Hours for what waits on a full pipe: the server's default of 60 s would cut a paused reader off. */
const patienceSeconds = 86_400

/** For reading rows as bytes: no conversion of results. Statements are still UTF-8. */
export const copyingState =
  `SET SESSION time_zone = '+00:00', sql_mode = '${lenientSqlMode}', character_set_results = NULL, ` +
  `net_write_timeout = ${patienceSeconds}, net_read_timeout = 600, wait_timeout = ${patienceSeconds}`

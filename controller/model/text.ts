/** Text from outside (names, paths, messages) on its way to a log, a terminal or a record of one line. */

/** Control, format and unassigned characters are escaped: nothing starts a line or moves a cursor. */
export function oneLine(text: string): string {
  return text.replace(/\p{C}/gu, (c) => ESCAPES[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}

/** As one word: quoted where it holds anything that could end it. */
export function word(text: string): string {
  return /^[^\s"=,\p{C}]+$/u.test(text) ? text : oneLine(JSON.stringify(text))
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

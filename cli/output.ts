/** How answers reach the user: aligned columns or JSON, on stdout. */
import { oneLine } from '../controller/model/text.ts'

export type OutputFormat = 'table' | 'json'

export function print(text: string): void {
  process.stdout.write(text === '' || text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Columns without borders; the cells are data and cannot move the cursor. */
export async function table(heads: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
  const { default: Table } = await import('cli-table3')
  const none = Object.fromEntries(BORDERS.map((border) => [border, '']))
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }
  const drawn = new Table({ head: [...heads], chars: { ...none, middle: '   ' }, style })
  drawn.push(...rows.map((row) => row.map((cell) => oneLine(cell))))
  return `${drawn.toString().replaceAll(/ +$/gm, '')}\n`
}

const BORDERS = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
]

/** `name   value` lines below a heading. */
export function facts(lines: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, value]) => `  ${name.padEnd(width)}   ${oneLine(value)}\n`).join('')
}

/** `1.5 MiB` */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Rounded up: what is not empty does not look so. */
export function percentText(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.ceil((part / whole) * 100)} %`
}

/** `1 error`, `2 errors` */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`
}

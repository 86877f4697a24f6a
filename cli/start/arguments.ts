/** The options of `npm start`. What it does not know goes to kmeshd. */

export type StartOptions =
  | { readonly is: 'demo'; readonly once: boolean; readonly json: boolean }
  /** kmeshd itself, in a cgroup of its own */
  | { readonly is: 'daemon'; readonly keep: boolean; readonly flags: readonly string[] }
  | { readonly is: 'text'; readonly text: string; readonly status: 0 | 2 }

const HELP = `usage: npm start [-- OPTIONS]

  (nothing)           a client and two versions of a service in namespaces of their own, until Ctrl-C
  --once              ends after the table; status 0 only if everything was as it should be
  -o, --output json   closes with one line of JSON: {"ok","versions","lanes","requests","failed"}
  --config DIR        kmeshd on a folder of your own, in a cgroup of its own, until Ctrl-C; further flags go to kmeshd
  --keep              with --config: leaves traffic running by the last state
`

export function parseStart(args: readonly string[]): StartOptions {
  if (args.includes('--help') || args.includes('-h')) return { is: 'text', text: HELP, status: 0 }
  const isFor = (flag: string): boolean => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`))
  if (isFor('--config') || isFor('--xds-address')) {
    return { is: 'daemon', keep: args.includes('--keep'), flags: args.filter((arg) => arg !== '--keep') }
  }
  let [once, json] = [false, false]
  for (let i = 0; i < args.length; i++) {
    const [flag, value = flag === '-o' || flag === '--output' ? args[++i] : undefined] = (args[i] ?? '').split('=', 2)
    if (flag === '--once') once = true
    else if ((flag === '-o' || flag === '--output') && (value === 'json' || value === 'table')) json = value === 'json'
    else return { is: 'text', text: `npm start: ${args[i] ?? flag} is not known here\n${HELP}`, status: 2 }
  }
  return { is: 'demo', once, json }
}

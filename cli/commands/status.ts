/** `kmeshctl status`: one screen. Healthy? What is ignored? How full? */
import type { Command } from 'commander'
import type { MapUsage, Reload, Status } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { ExitStatus } from '../failure.ts'
import { count, facts, percentText, print, printJson } from '../output.ts'

export function statusCommand(): Command {
  return subcommand('status', 'one screen: is the daemon healthy, what is ignored, how full are its maps')
    .addHelpText(
      'after',
      `${examples(
        ['kmeshctl status', 'for people; exit status 1 while it is not ready'],
        ['kmeshctl status -o json', 'the same for scripts'],
      )}\nWhat is ignored of the configuration: kmeshctl explain. Each map: kmeshctl maps.\n`,
    )
    .action(async (_, command: Command) => {
      const { output, socket } = commonOptions(command)
      const status = await new Client(socket).get<Status>('/v1/status')
      if (output === 'json') printJson(status)
      else print(screen(status))
      if (!status.ready) process.exitCode = ExitStatus.failed
    })
}

function screen(status: Status): string {
  const { node, paths, mesh, members, listening, monitoring } = status
  const size = [count(mesh.services, 'service'), count(mesh.endpoints, 'endpoint'), count(mesh.workloads, 'workload')]
  const groups = [count(members.netns, 'network namespace'), count(members.cgroup, 'cgroup')]
  const log = monitoring.accessLog ? 'on' : 'off'
  const counting = monitoring.monitoring ? '' : ' (monitoring is off: traffic is not counted)'
  return [
    `kmeshd ${status.version}: ${status.ready ? 'ready' : 'not ready'}\n`,
    facts([
      ...status.waitingFor.map((what) => ['waiting', `for ${what}`] as const),
      ['process', `pid ${status.pid} since ${status.startedAt}, node ${node.name}, kernel ${node.kernel}`],
      ['config', `${paths.config}: ${size.join(', ')}`],
      ['reload', reloadText(status.lastReload)],
      ['ignored', ignoredText(status.problems)],
      ['members', `${groups.join(', ')}; ${members.bypassed} bypassed; below ${paths.cgroup2}`],
      ...status.lanes.map(({ lane, state, reason }) => {
        return [`${lane} lane`, reason === '' ? state : `${state}: ${reason}`] as const
      }),
      ['fullest', fullestText(status.maps)],
      ['metrics', `${listening.metrics ?? 'off'}${counting}; access log ${log}; admin ${listening.admin ?? 'off'}`],
      ...status.kernelProblems.map(({ severity, about, message }) => [severity, `${about}: ${message}`] as const),
    ]),
  ].join('')
}

function reloadText(reload: Reload | null): string {
  if (reload === null) return 'none yet'
  if (!reload.ok) return `FAILED at ${reload.at}, the last good state is in force: ${reload.error}`
  const changes = `${reload.written} written, ${reload.deleted} deleted`
  return `${reload.at}, ${count(reload.files, 'file')} in ${reload.durationMs.toFixed(1)} ms: ${changes}`
}

function ignoredText({ errors, warnings }: Status['problems']): string {
  if (errors + warnings === 0) return 'nothing'
  return `${count(errors, 'error')}, ${count(warnings, 'warning')} (kmeshctl explain)`
}

const FULLEST_SHOWN = 3

function fullestText(maps: readonly MapUsage[]): string {
  return maps
    .flatMap(({ name, entries, maxEntries }) => (entries === null ? [] : [{ name, entries, maxEntries }]))
    .sort((a, b) => b.entries / b.maxEntries - a.entries / a.maxEntries)
    .slice(0, FULLEST_SHOWN)
    .map(({ name, entries, maxEntries }) => `${name} ${percentText(entries, maxEntries)}`)
    .join(', ')
}

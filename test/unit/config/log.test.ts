/** The daemon's log: levels that can change, and records that stay on their line. */
import t from 'tap'
import { Logs } from '../../../controller/log.ts'

function capture(settings: ConstructorParameters<typeof Logs>[0]) {
  const lines: string[] = []
  return { lines, logs: new Logs(settings, { write: (line) => lines.push(line) }) }
}

t.test('plain lines: time, level, logger, message, fields', async (t) => {
  const { lines, logs } = capture({ format: 'plain', levels: new Map() })
  logs.get('kernel').info({ programs: 9, path: '/a b', note: 'x\ny' }, 'attached')
  logs.get('default').error(new Error('disk full'))
  logs.get('default').warn({ err: new Error('no\nway') }, 'reload failed')
  t.match(lines, [
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info {2}kernel: attached programs=9 path="\/a b" note="x\\ny"\n$/,
    /^\S+ error default: disk full\n$/,
    /^\S+ warn {2}default: reload failed: no\\nway\n$/,
  ])
})

t.test('JSON has the level as a word', async (t) => {
  const { lines, logs } = capture({ format: 'json', levels: new Map() })
  logs.get('dns').warn({ name: 'x' }, 'no answer')
  t.match(JSON.parse(lines[0] ?? ''), { level: 'warn', logger: 'dns', name: 'x', msg: 'no answer' })
})

t.test('each logger has a level of its own, and the default one else', async (t) => {
  const { lines, logs } = capture({
    format: 'plain',
    levels: new Map([
      ['default', 'warn'],
      ['kernel', 'debug'],
    ]),
  })
  logs.get('dns').info('hidden')
  logs.get('kernel').debug('shown')
  t.equal(lines.length, 1)
  t.equal(logs.levels().get('dns'), 'warn')
  logs.setLevel('dns', 'info')
  logs.setLevel('kernel', 'error')
  logs.get('dns').info('shown')
  logs.get('kernel').warn('hidden')
  t.equal(lines.length, 2)
  t.same(
    [logs.levels().get('dns'), logs.levels().get('kernel'), logs.levels().get('default')],
    ['info', 'error', 'warn'],
  )
})

/** The paths of the admin surface. Those outside of /v1 are Kmesh's, with its answers. */
import { type AdminApi, type Readiness, Refusal } from './api.ts'
import { type Answer, json, type Route, text } from './http.ts'
import {
  bypassRequest,
  enableQuery,
  enrollRequest,
  loggerRequest,
  monitoringRequest,
  numberQuery,
  sectionQuery,
  targetQuery,
} from './requests.ts'

const CONNECTIONS_SHOWN = 1000

export function adminRoutes(api: AdminApi): readonly Route[] {
  return [...kmeshRoutes(api), ...readingRoutes(api), ...changingRoutes(api), ...metricsRoutes(() => api.metrics())]
}

export function metricsRoutes(metrics: AdminApi['metrics']): readonly Route[] {
  const answer = async (): Promise<Answer> => {
    const { contentType, text: content } = await metrics()
    return { status: 200, type: contentType, content }
  }
  return ['/metrics', '/status/metric'].map((path): Route => ({ method: 'GET', path, answer }))
}

function readingRoutes(api: AdminApi): readonly Route[] {
  return [
    { method: 'GET', path: '/v1/version', answer: async () => json(await api.version()) },
    { method: 'GET', path: '/v1/status', answer: async () => json(await api.status()) },
    { method: 'GET', path: '/v1/problems', answer: async () => json({ problems: await api.problems() }) },
    { method: 'GET', path: '/v1/maps', answer: async () => json({ maps: await api.maps() }) },
    { method: 'GET', path: '/v1/members', answer: async () => json({ members: await api.members() }) },
    { method: 'GET', path: '/v1/loggers', answer: async () => json({ loggers: await api.loggers() }) },
    { method: 'GET', path: '/v1/monitoring', answer: async () => json(await api.monitoring()) },
    {
      method: 'GET',
      path: '/v1/connections',
      answer: async ({ query }) => json(await api.connections(numberQuery(query, 'limit', CONNECTIONS_SHOWN))),
    },
    {
      method: 'GET',
      path: '/v1/dump',
      answer: async ({ query }) => {
        const section = sectionQuery(query)
        return query.get('format') === 'text' ? text(api.dumpText(section)) : json(await api.dump(section))
      },
    },
  ]
}

function changingRoutes(api: AdminApi): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/members',
      privileged: true,
      answer: async ({ body }) => json(await api.enroll(enrollRequest(body)), 201),
    },
    {
      method: 'DELETE',
      path: '/v1/members',
      privileged: true,
      answer: async ({ query }) => json(await api.leave(targetQuery(query))),
    },
    {
      method: 'POST',
      path: '/v1/bypass',
      privileged: true,
      answer: async ({ body }) => {
        const { target, on } = bypassRequest(body)
        return json({ members: await api.bypass(target, on) })
      },
    },
    { method: 'POST', path: '/v1/reload', privileged: true, answer: async () => json(await api.reload()) },
    {
      method: 'POST',
      path: '/v1/loggers',
      privileged: true,
      answer: async ({ body }) => {
        await api.setLogger(loggerRequest(body))
        return json({ loggers: await api.loggers() })
      },
    },
    {
      method: 'POST',
      path: '/v1/monitoring',
      privileged: true,
      answer: async ({ body }) => json(await api.setMonitoring(monitoringRequest(body))),
    },
  ]
}

function kmeshRoutes(api: AdminApi): readonly Route[] {
  const ready = async (): Promise<Answer> => readinessText(await api.readiness())
  const invalidMode = async (): Promise<Answer> => text('\tInvalid Client Mode\n', 400)
  const dumps = ['kernel-native', 'dual-engine', 'bpf/kernel-native', 'bpf/dual-engine']
  return [
    { method: 'GET', path: '/version', answer: async () => json(await api.version()) },
    { method: 'GET', path: '/healthz/ready', answer: ready },
    { method: 'GET', path: '/debug/ready', answer: ready },
    // Both of Kmesh's modes are fed by istiod, and this daemon is fed by files.
    ...dumps.map((name): Route => ({ method: 'GET', path: `/debug/config_dump/${name}`, answer: invalidMode })),
    {
      method: 'GET',
      path: '/debug/loggers',
      answer: async ({ query }) => {
        const loggers = await api.loggers()
        const name = query.get('name')
        if (name === null) return json(loggers.map((logger) => logger.name))
        const logger = loggers.find((candidate) => candidate.name === name)
        if (logger === undefined) throw new Refusal('not-found', `no logger ${JSON.stringify(name)}`)
        return json(logger)
      },
    },
    {
      method: 'POST',
      path: '/debug/loggers',
      answer: async ({ body }) => {
        await api.setLogger(loggerRequest(body))
        return text('OK\n')
      },
    },
    {
      method: 'POST',
      path: '/accesslog',
      answer: async ({ query }) => {
        const accessLog = enableQuery(query)
        if (accessLog && !(await api.monitoring()).monitoring) {
          return text('Kmesh monitoring is disabled, cannot enable accesslog.\n', 400)
        }
        await api.setMonitoring({ accessLog })
        return text('')
      },
    },
    {
      method: 'POST',
      path: '/monitoring',
      answer: async ({ query }) => {
        await api.setMonitoring({ monitoring: enableQuery(query) })
        return text('')
      },
    },
  ]
}

function readinessText({ ready, waitingFor }: Readiness): Answer {
  return ready ? text('OK\n') : text(waitingFor.map((what) => `waiting for ${what}\n`).join(''), 503)
}

/** The maps that hold compiled content. What else is in maps.h belongs to members, settings and the kernel itself. */
export const TABLES = ['frontends', 'services', 'slots', 'set_members', 'cursors', 'workloads'] as const

export type Table = (typeof TABLES)[number]

import type { Config } from 'payload'

export function deepMerge(one: Config, other: Partial<Config>): Config {
  const merged: Record<string, unknown> = { ...one }
  for (const [key, value] of Object.entries(other)) merged[key] = value
  return merged as unknown as Config
}

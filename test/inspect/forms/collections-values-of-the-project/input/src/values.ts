export const values = <T>(all: Record<string, T>): T[] => Object.keys(all).map((key) => all[key]!)

/** What is used of Next, which is the site's own: this package is built without it. */
declare module 'next/cache.js' {
  export function revalidateTag(tag: string, profile: { expire: number }): void;
}
declare module 'next/server.js' {
  export function after(task: () => void | Promise<void>): void;
}
declare module 'next/dist/server/app-render/work-async-storage.external.js' {
  export const workAsyncStorage: { getStore(): object | undefined };
}
declare module 'next/dist/server/app-render/work-unit-async-storage.external.js' {
  export const workUnitAsyncStorage: { getStore(): import('./work.js').WorkUnit | undefined };
}

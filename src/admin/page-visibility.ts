/** Whether somebody sees the page of this browser. */

/** The part of `document` that tells. The rest of this package is compiled without a browser's types. */
interface Page {
  visibilityState: 'visible' | 'hidden';
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

const pageOf = (): Page => (globalThis as unknown as { document: Page }).document;

/** Whether the page is seen now. */
export const isPageVisible = (): boolean => pageOf().visibilityState === 'visible';

/** Tells when that changes, until the returned function is called. */
export function onPageVisibility(listener: () => void): () => void {
  const page = pageOf();
  page.addEventListener('visibilitychange', listener);
  return () => page.removeEventListener('visibilitychange', listener);
}

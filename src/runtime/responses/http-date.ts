/** Reads dates of HTTP. `Date.parse` takes much that is none, and the oldest form for a time of this place. */

const FORMS = [
  /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/** Milliseconds, by one of the three forms of a date (RFC 9110, section 5.6.7); `NaN` for whatever else. */
export function dateOf(header: string): number {
  if (!FORMS.some((form) => form.test(header))) return Number.NaN;
  return Date.parse(header.endsWith('GMT') ? header : `${header} GMT`);
}

/** Whether a value has properties: an object or a list, and not `null`. */
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

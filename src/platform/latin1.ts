/** Whether V8 holds a text that was made anew with one byte for each character. */
export const isLatin1 = (text: string): boolean => !/[^\0-\xff]/.test(text);

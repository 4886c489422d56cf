/** TypeScript's parser. What is published has just the part of it that is used: `scripts/parser.mjs` puts it in place. */
export { ts } from 'ts-morph';

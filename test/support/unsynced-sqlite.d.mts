/** Changes SQLite where it is imported, and exports nothing. */
export {};

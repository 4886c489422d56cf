/** Gives back what it is given. */
export const withSentry = <T>(config: T): T => config;

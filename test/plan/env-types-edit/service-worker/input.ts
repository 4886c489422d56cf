export {};
declare global {
	const D1: D1Database;
}

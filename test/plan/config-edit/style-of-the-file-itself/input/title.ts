export const title = { name: 'title', type: 'text' };

/** What all pictures share: one look, in light and in dark. */

/** As text of an SVG. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);

/** A colour for each way of caching: told apart in light, in dark, and by who sees no red. */
export const WAY_COLOURS = {
  without: ['#6e7781', '#8b949e'],
  queries: ['#0969da', '#58a6ff'],
  functions: ['#8250df', '#bc8cff'],
  pages: ['#bf8700', '#d29922'],
  responses: ['#1a7f37', '#3fb950'],
  'in front': ['#cf222e', '#ff7b72'],
} as const;

/** One way of caching, as its colours are named. */
export type Way = keyof typeof WAY_COLOURS;

/** The class that has a way's colour. */
export const classOf = (way: string): string => way.replace(' ', '-');

/** An SVG that follows whether whoever looks at it has a dark screen. */
export function picture(size: { width: number; height: number }, title: string, content: string): string {
  const { width, height } = size;
  const classes = (index: 0 | 1) =>
    Object.entries(WAY_COLOURS)
      .map(([way, colours]) => `.${classOf(way)}{fill:${colours[index]};stroke:${colours[index]}}`)
      .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>
text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}
.small{font-size:11px}.head{font-size:15px;font-weight:600}.mute{fill:#59636e}.end{text-anchor:end}.middle{text-anchor:middle}
.rule{stroke:#d1d9e0;stroke-width:1}.box{fill:#f6f8fa;stroke:#d1d9e0}.line{fill:none;stroke-width:2}
${classes(0)}.line{fill:none}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.mute{fill:#9198a1}.rule{stroke:#3d444d}.box{fill:#151b23;stroke:#3d444d}${classes(1)}.line{fill:none}}
</style>
${content}
</svg>
`;
}

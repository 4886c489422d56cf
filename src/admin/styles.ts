/** How the view looks: in Payload's own variables, so that it is light and dark as the panel is. */
export const STYLES = `
.payload-cache { padding-block: var(--base) calc(var(--base) * 3); color: var(--theme-text); }
.payload-cache h1 { margin: 0; }
.payload-cache h2 { margin: calc(var(--base) * 1.6) 0 calc(var(--base) * .5); font-size: 1.25rem; }
.payload-cache code { font-size: .85em; overflow-wrap: anywhere; }
.payload-cache__head { display: flex; flex-wrap: wrap; align-items: center; gap: calc(var(--base) * .5) var(--base); }
.payload-cache__head p { margin: 0; flex: 1 1 auto; color: var(--theme-elevation-650); }
.payload-cache__live { display: inline-flex; align-items: center; gap: .5em; white-space: nowrap; color: var(--theme-elevation-800); }
.payload-cache__live::before { content: ''; width: .6em; height: .6em; border-radius: 50%; background: var(--theme-elevation-400); }
.payload-cache__live--on::before { background: var(--theme-success-500); }
.payload-cache__warning { padding: calc(var(--base) * .4) calc(var(--base) * .6); border-radius: var(--style-radius-m); background: var(--theme-warning-100); color: var(--theme-warning-800); }
.payload-cache__tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: calc(var(--base) * .6); margin: var(--base) 0; }
.payload-cache__tile { display: flex; flex-direction: column; padding: calc(var(--base) * .7); border: 1px solid var(--theme-elevation-150); border-radius: var(--style-radius-m); background: var(--theme-elevation-50); }
.payload-cache__tile dt { color: var(--theme-elevation-650); }
.payload-cache__tile dd { margin: 0; }
.payload-cache__value { font-size: 1.6rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.payload-cache__detail { color: var(--theme-elevation-650); font-variant-numeric: tabular-nums; }
.payload-cache__detail--bad { color: var(--theme-error-600); font-weight: 600; }
.payload-cache__plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: calc(var(--base) * .6); }
.payload-cache__plot { margin: 0; padding: calc(var(--base) * .7); border: 1px solid var(--theme-elevation-150); border-radius: var(--style-radius-m); }
.payload-cache__plot figcaption { margin-bottom: calc(var(--base) * .4); font-weight: 600; }
.payload-cache__plot svg { display: block; width: 100%; height: auto; }
.payload-cache__plot summary { width: fit-content; margin-top: calc(var(--base) * .4); cursor: pointer; color: var(--theme-elevation-650); }
.payload-cache__grid { stroke: var(--theme-elevation-150); stroke-width: 1; }
.payload-cache__axis { fill: var(--theme-elevation-650); font-size: 11px; }
.payload-cache__line { fill: none; stroke: var(--theme-success-500); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.payload-cache__line--dot { stroke-width: 5; }
.payload-cache__area { fill: var(--theme-success-500); opacity: .15; }
.payload-cache__bar { fill: var(--theme-success-500); }
.payload-cache__scroll { overflow-x: auto; border: 1px solid var(--theme-elevation-150); border-radius: var(--style-radius-m); }
.payload-cache table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.payload-cache :is(th, td) { padding: calc(var(--base) * .35) calc(var(--base) * .5); text-align: start; vertical-align: baseline; border-bottom: 1px solid var(--theme-elevation-100); }
.payload-cache tbody tr:last-child :is(th, td) { border-bottom: 0; }
.payload-cache thead th { font-weight: 600; white-space: nowrap; background: var(--theme-elevation-50); }
.payload-cache tbody th { font-weight: 600; }
.payload-cache :is(th, td).payload-cache__number { text-align: end; white-space: nowrap; }
.payload-cache__muted { color: var(--theme-elevation-650); font-weight: 400; }
.payload-cache__reasons { margin: 0; padding: 0; list-style: none; white-space: nowrap; }
.payload-cache__purge { margin: 0; white-space: nowrap; }
.payload-cache-dialog table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.payload-cache-dialog :is(th, td) { padding: .3em .8em .3em 0; text-align: start; white-space: nowrap; }
.payload-cache-dialog h2 { font-size: 1rem; margin: 1em 0 .3em; }
.payload-cache-dialog__list { max-height: 40vh; overflow: auto; }
`;

/**
 * The report's only style: system fonts, the reader's colour scheme, prints well. Eight colours distinguished by most
 * eyes.
 */
export const reportStyle = `
:root { color-scheme: light dark; --text: #151515; --muted: #4d4d4d; --line: #d2d2d2; --back: #ffffff; --card: #f5f5f5;
  --s0: #0066cc; --s1: #b98412; --s2: #3d7317; --s3: #5e40be; --s4: #ca6c0f; --s5: #147878; --s6: #a60000; --s7: #707070; }
@media (prefers-color-scheme: dark) {
  :root { --text: #f2f2f2; --muted: #c7c7c7; --line: #4d4d4d; --back: #151515; --card: #292929;
    --s0: #4394e5; --s1: #dca614; --s2: #87bb62; --s3: #b6a6e9; --s4: #f8ae54; --s5: #63bdbd; --s6: #f0561d; --s7: #a3a3a3; }
}
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--text); background: var(--back); }
h1, td, th, dd, li, p { unicode-bidi: isolate; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.lead { margin: .25rem 0 1rem; color: var(--muted); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .5rem; margin: 0; }
dl > div { background: var(--card); padding: .5rem .75rem; border-radius: .375rem; }
dt { color: var(--muted); font-size: .85rem; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; padding-right: 1.5rem; } td.time { white-space: nowrap; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--muted); }
pre { background: var(--card); padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.grid { stroke: var(--line); } .ceiling { stroke: var(--muted); stroke-dasharray: 6 4; } .mark { stroke: var(--text); stroke-dasharray: 2 3; }
.line { fill: none; stroke-width: 1.5; } .area { stroke: none; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; margin: 0; font-size: .85rem; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: .15em; }
${Array.from({ length: 8 }, (_each, index) => `.area.series-${index} { fill: var(--s${index}); } .line.series-${index} { stroke: var(--s${index}); } .swatch.series-${index} { background: var(--s${index}); }`).join('\n')}
`;

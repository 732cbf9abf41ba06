/** The window's own colours as the current theme has them: a canvas knows no style sheet. */
export interface ChartColours {
  readonly paths: readonly string[];
  /** The same for large areas: calmer. */
  readonly areas: readonly string[];
  readonly surface: string;
  readonly text: string;
  readonly grid: string;
  readonly line: string;
  readonly good: string;
  readonly bad: string;
  readonly action: string;
  readonly font: string;
}

/** As many as `--sy-path-1` and so on in app.css; after the last the first comes again. */
const pathColours = 8;

export function readColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const paths = Array.from({ length: pathColours }, (_, index) => read(`--sy-path-${index + 1}`));
  return {
    paths,
    areas: paths.map((path) => `color-mix(in srgb, ${path} 80%, ${read('--sy-chart-surface')})`),
    surface: read('--sy-chart-surface'),
    text: read('--sy-chart-text'),
    grid: read('--sy-chart-grid'),
    line: read('--sy-chart-line'),
    good: read('--sy-chart-good'),
    bad: read('--sy-chart-bad'),
    action: read('--sy-chart-action'),
    font: `11px ${style.getPropertyValue('--pf-t--global--font--family--body')}`,
  };
}

/** The class that paints the path's swatch in a table with the same colour. */
export function pathClass(pathIndex: number): string {
  return `sy-path-${(pathIndex % pathColours) + 1}`;
}

export function pathColour({ paths, line }: ChartColours, pathIndex: number): string {
  return paths[pathIndex % pathColours] ?? line;
}

export function areaColour({ areas, line }: ChartColours, pathIndex: number): string {
  return areas[pathIndex % pathColours] ?? line;
}

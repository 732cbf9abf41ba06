import type uPlot from 'uplot';

export interface TooltipLine {
  readonly name: string;
  readonly value: string;
  /** Class of the swatch before it. */
  readonly swatch?: string;
}

/** What stands under the pointer, as plain elements: React would be asked at every move. */
export class Tooltip {
  readonly #box = document.createElement('div');

  constructor() {
    this.#box.className = 'sy-tooltip';
    // The table below the chart gives screen readers the same.
    this.#box.ariaHidden = 'true';
    this.#box.hidden = true;
  }

  attachTo(plot: uPlot): void {
    plot.over.append(this.#box);
  }

  hide(): void {
    this.#box.hidden = true;
  }

  show(plot: uPlot, title: string, lines: readonly TooltipLine[]): void {
    const { left = 0, top = 0 } = plot.cursor;
    this.#box.replaceChildren(element('div', 'sy-tooltip-title', title), ...lines.map(lineElement));
    this.#box.hidden = false;
    const onTheLeft = left > plot.over.clientWidth / 2;
    const x = onTheLeft ? left - this.#box.offsetWidth - 12 : left + 12;
    const y = Math.min(Math.max(0, top - 20), Math.max(0, plot.over.clientHeight - this.#box.offsetHeight));
    this.#box.style.transform = `translate(${x}px, ${y}px)`;
  }
}

function lineElement({ name, value, swatch }: TooltipLine): HTMLElement {
  const line = element('div', 'sy-tooltip-line', '');
  line.append(
    element('span', `sy-swatch ${swatch ?? 'sy-swatch-none'}`, ''),
    element('span', '', name),
    element('span', 'sy-tooltip-value', value),
  );
  return line;
}

function element(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

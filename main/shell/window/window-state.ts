import { z } from 'zod';

/** Device-independent pixels, as Electron's screens and windows count. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the window was when it was last closed. `bounds` are those of the window when it is not maximised. */
export interface WindowState {
  readonly bounds: Rectangle;
  readonly maximized: boolean;
}

export const smallest = { width: 960, height: 600 } as const;
const usual = { width: 1440, height: 900 } as const;

const pixels = z.number().int().min(-100_000).max(100_000);
const stateSchema = z.object({
  bounds: z.object({ x: pixels, y: pixels, width: pixels.min(1), height: pixels.min(1) }).strict(),
  maximized: z.boolean(),
});

/** What was kept, if it still makes sense: a file that a person or a crash has spoilt counts as none. */
export function parseWindowState(text: string): WindowState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Where to put the window now. Screens come and go: a window is brought back only where one still shows it, whole, and
 * otherwise stands in the middle of the first screen.
 */
export function placeWindow(
  kept: WindowState | undefined,
  workAreas: readonly [Rectangle, ...Rectangle[]],
): WindowState {
  const area = kept && workAreas.find((candidate) => shows(candidate, kept.bounds));
  if (!kept || !area) return { bounds: centred(workAreas[0]), maximized: kept?.maximized ?? false };
  const width = clamp(kept.bounds.width, smallest.width, area.width);
  const height = clamp(kept.bounds.height, smallest.height, area.height);
  return {
    bounds: {
      x: clamp(kept.bounds.x, area.x, area.x + area.width - width),
      y: clamp(kept.bounds.y, area.y, area.y + area.height - height),
      width,
      height,
    },
    maximized: kept.maximized,
  };
}

/** By the middle of the title bar: who can reach that can move the rest. */
function shows(area: Rectangle, { x, y, width }: Rectangle): boolean {
  const middle = x + width / 2;
  return middle >= area.x && middle < area.x + area.width && y >= area.y && y < area.y + area.height;
}

function centred(area: Rectangle): Rectangle {
  const width = Math.min(usual.width, area.width);
  const height = Math.min(usual.height, area.height);
  return {
    x: area.x + Math.floor((area.width - width) / 2),
    y: area.y + Math.floor((area.height - height) / 2),
    width,
    height,
  };
}

/** On a screen smaller than the window's smallest size the screen wins. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

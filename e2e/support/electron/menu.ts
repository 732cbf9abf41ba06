/** As much of Electron's template as is looked at. */
export interface MenuTemplateItem {
  readonly label?: string;
  readonly role?: string;
  readonly accelerator?: string;
  readonly type?: string;
  readonly click?: () => void;
  readonly submenu?: readonly MenuTemplateItem[];
}

let applicationMenu: Menu | undefined;

export class Menu {
  readonly template: readonly MenuTemplateItem[];

  constructor(template: readonly MenuTemplateItem[]) {
    this.template = template;
  }

  static buildFromTemplate(template: readonly MenuTemplateItem[]): Menu {
    return new Menu(template);
  }

  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu ?? undefined;
  }

  static getApplicationMenu(): Menu | null {
    return applicationMenu ?? null;
  }
}

/** The menu as plain data. */
export function menuRecord(): unknown[] {
  return JSON.parse(JSON.stringify(applicationMenu?.template ?? []));
}

/** Clicks an item of any menu by its label, `&` included or not. */
export function clickMenu(label: string): void {
  const items = applicationMenu?.template.flatMap(({ submenu = [] }) => submenu) ?? [];
  const item = items.find((candidate) => candidate.label?.replace('&', '') === label);
  if (!item?.click) throw new Error(`there is no menu item ${label} to click`);
  item.click();
}

/** Everything that the shell has asked of Electron and that a test may want to look at: plain data only. */
export interface Records {
  readonly sandboxEnabled: boolean;
  readonly schemes: readonly { readonly scheme: string; readonly privileges: object }[];
  readonly switches: readonly (readonly string[])[];
  readonly ipcChannels: readonly string[];
  /** Every message of a page that reached main: its channel and its first argument. */
  readonly calls: readonly (readonly string[])[];
  readonly windows: readonly {
    readonly options: object;
    readonly visible: boolean;
    readonly progress: number;
    readonly url: string;
  }[];
  readonly requests: readonly { readonly url: string; readonly fate: 'served' | 'cancelled' | 'left the machine' }[];
  /** Addresses that main has led a window to. */
  readonly loads: readonly string[];
  /** Navigations that a page has begun. */
  readonly navigations: readonly ('forbidden' | 'let pass')[];
  /** Windows that a page tried to open. */
  readonly popups: readonly ('opened' | 'closed')[];
  readonly openedOutside: readonly string[];
  readonly protocolClients: readonly string[];
  readonly notifications: readonly { readonly title: string; readonly body: string; readonly urgency: string }[];
  readonly blockers: readonly string[];
  readonly errorBoxes: readonly { readonly title: string; readonly content: string }[];
  readonly menu: readonly unknown[];
  readonly preloadFailures: readonly string[];
  readonly pageErrors: readonly string[];
  readonly webRtcPolicies: readonly string[];
}

type Writable<Value> = {
  -readonly [Member in keyof Value]: Value[Member] extends readonly (infer Item)[] ? Item[] : Value[Member];
};

/** What is only counted up; the rest is read from the objects themselves when it is asked for. */
export const recorded: Writable<
  Pick<
    Records,
    | 'sandboxEnabled'
    | 'schemes'
    | 'switches'
    | 'calls'
    | 'requests'
    | 'loads'
    | 'navigations'
    | 'popups'
    | 'openedOutside'
    | 'protocolClients'
    | 'notifications'
    | 'errorBoxes'
    | 'preloadFailures'
    | 'pageErrors'
    | 'webRtcPolicies'
  >
> = {
  sandboxEnabled: false,
  schemes: [],
  switches: [],
  calls: [],
  requests: [],
  loads: [],
  navigations: [],
  popups: [],
  openedOutside: [],
  protocolClients: [],
  notifications: [],
  errorBoxes: [],
  preloadFailures: [],
  pageErrors: [],
  webRtcPolicies: [],
};

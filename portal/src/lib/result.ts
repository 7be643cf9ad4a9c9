/** What a panel shows when its data could not be had. */
export interface Failure {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

/** The data of a panel, or why it is not there: a panel fails alone. */
export type Result<Data> =
  { readonly ok: true; readonly data: Data } | { readonly ok: false; readonly failure: Failure };

/** What the palette can jump to beside pages. */
export interface JumpTargets {
  readonly applications: readonly {
    readonly slug: string;
    readonly name: string;
    readonly openNow: number;
  }[];
  readonly agents: readonly { readonly id: string; readonly computer: string; readonly user: string }[];
}

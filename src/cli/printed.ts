/** What a command prints, and its exit status where that is not 0. */
export type Printed = string | { readonly text: string; readonly exitStatus: number }

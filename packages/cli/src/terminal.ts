/** Where a command's output goes. */
export interface Terminal {
  write(text: string): void;
  /** What is no result: progress, questions. */
  writeError(text: string): void;
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  readonly columns: number;
}

import { table } from "../evidence-page.ts";
import { rigs, type StoreName } from "./rigs.ts";
import type { Kind } from "./situation.ts";

/** What one store made of one situation. */
export interface Seen {
  readonly store: StoreName;
  readonly kind: string;
  readonly situation: string;
  readonly outcome: string;
}

const introduction = `# What stores make of what they meet

Written by \`internal/faults/test/situations.test.ts\`, and held equal to what it sees. Each row was met
by each store, in one attempt; a situation has the same outcome in all. Where the outcome is a code,
every operation had it: create, get, list and delete.
`;

/** The page, from what the tests saw. */
export function pageOf(kinds: readonly Kind[], seen: readonly Seen[]): string {
  const parts = kinds.map(({ title, situations }) => {
    const rows = situations.map((situation) => {
      const cells = rigs.map(({ name }) => {
        const found = seen.find(
          (each) => each.store === name && each.kind === title && each.situation === situation.title,
        );
        return found?.outcome ?? "not met";
      });
      return [situation.title, ...cells];
    });
    return `## ${title}\n\n${table(["situation", ...rigs.map(({ name }) => name)], rows)}`;
  });
  return [introduction, ...parts].join("\n");
}

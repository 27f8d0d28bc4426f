import { html, type Markup, type Part } from "./markup.ts";

export interface Column {
  readonly head: string;
  /** `number` stands to the right; `free` may break anywhere on paper. */
  readonly kind?: "number" | "free";
}

/** A table whose rows are named by their first cell. It scrolls inside its own frame, so that the page need not. */
export function table(label: string, columns: readonly Column[], rows: readonly (readonly Part[])[]): Markup {
  const heads = columns.map(({ head, kind }) => html`<th scope="col" ${classOf(kind)}>${head}</th>`);
  const body = rows.map((cells) => {
    const drawn = cells.map((cell, index) => {
      const kind = classOf(columns[index]?.kind);
      return index === 0 ? html`<th scope="row" ${kind}>${cell}</th>` : html`<td${kind}>${cell}</td>`;
    });
    return html`<tr>
      ${drawn}
    </tr> `;
  });
  return scrolling(
    label,
    html`<table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>`,
  );
}

/** Who has no pointer scrolls it by its focus. */
export function scrolling(label: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

function classOf(kind: Column["kind"]): Markup | undefined {
  return kind === undefined ? undefined : html` class="${kind}"`;
}

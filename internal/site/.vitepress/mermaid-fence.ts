import type { MarkdownRenderer } from "vitepress";

/** Renders a fence of `mermaid` as the component that draws it, and any other as before. */
export function drawMermaid(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence;
  markdown.renderer.rules.fence = (tokens, index, options, environment, renderer) => {
    const token = tokens[index];
    if (token?.info.trim() !== "mermaid") {
      return fence?.(tokens, index, options, environment, renderer) ?? "";
    }
    return `<MermaidDiagram source="${encodeURIComponent(token.content)}" />\n`;
  };
}

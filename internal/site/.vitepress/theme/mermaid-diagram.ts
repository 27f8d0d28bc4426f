import { useData } from "vitepress";
import { defineComponent, h, onMounted, ref, watch } from "vue";

let drawn = 0;

/** A diagram in the colours of the page. Until it is drawn, and where no script runs, its source is there. */
export const MermaidDiagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const source = decodeURIComponent(props.source);
    const picture = ref("");
    const draw = async (dark: boolean): Promise<void> => {
      // Only a page with a diagram loads what draws it.
      const { default: mermaid } = await import("mermaid");
      mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "neutral", fontFamily: "inherit" });
      const { svg } = await mermaid.render(`diagram-${drawn++}`, source);
      picture.value = svg;
    };
    onMounted(() => watch(isDark, draw, { immediate: true }));
    return () =>
      picture.value === ""
        ? h("pre", { class: "diagram" }, source)
        : h("div", { class: "diagram", innerHTML: picture.value });
  },
});

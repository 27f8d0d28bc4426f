import { expect, test } from "vitest";
import { addressesOf } from "../src/repository.ts";

const actions = { GITHUB_SERVER_URL: "https://git.example", GITHUB_REPOSITORY: "o/n", GITHUB_SHA: "c0ffee" };

test("what the environment does not say is not known", () => {
  expect(addressesOf({})).toEqual({
    repository: undefined,
    sources: undefined,
    base: "/",
    origin: undefined,
  });
});

test("links to sources lead to the commit that is built", () => {
  const { repository, sources } = addressesOf(actions);
  expect(repository).toBe("https://git.example/o/n");
  expect(sources).toBe("https://git.example/o/n/blob/c0ffee/");
});

test("a site below a path has that path, with or without a slash at the end", () => {
  for (const SITE_URL of ["https://o.pages.example/n", "https://o.pages.example/n/"]) {
    expect(addressesOf({ SITE_URL })).toMatchObject({ base: "/n/", origin: "https://o.pages.example" });
  }
});

test("an address of the site that is none is refused by its name", () => {
  expect(() => addressesOf({ SITE_URL: "o.pages" })).toThrow("SITE_URL is not an address: o.pages");
});

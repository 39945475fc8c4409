/** The suite's resources: text, bytes, a template, and one to watch. */
import type { ReadResourceResult, Resource, ResourceTemplateType } from "@modelcontextprotocol/server";
import { PNG } from "./fixture.ts";

export const RESOURCES: readonly Resource[] = [
  { name: "static-text", uri: "test://static-text", description: "Text", mimeType: "text/plain" },
  { name: "static-binary", uri: "test://static-binary", description: "An image", mimeType: "image/png" },
  { name: "watched", uri: "test://watched-resource", description: "To be watched", mimeType: "text/plain" },
];

export const TEMPLATES: readonly ResourceTemplateType[] = [
  {
    name: "template",
    uriTemplate: "test://template/{id}/data",
    description: "Data of an id",
    mimeType: "application/json",
  },
];

/** Null when the address is none of the suite's. */
export function readFixture(uri: string): ReadResourceResult | null {
  switch (uri) {
    case "test://static-text":
      return text(uri, "This is the content of the static text resource.");
    case "test://watched-resource":
      return text(uri, "Watched");
    case "test://static-binary":
      return { contents: [{ uri, mimeType: "image/png", blob: PNG }] };
    default: {
      const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
      if (id === undefined) return null;
      const data = { id, templateTest: true, data: `Data for ID: ${id}` };
      return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(data) }] };
    }
  }
}

function text(uri: string, words: string): ReadResourceResult {
  return { contents: [{ uri, mimeType: "text/plain", text: words }] };
}

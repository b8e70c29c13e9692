// The OpenAPI description as a page.

import { $, node } from "./panels.js";

const description = await (await fetch("/openapi.json")).json();
const schemas = description.components.schemas;

const nameOf = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(nameOf).filter((name) => name !== "null").join(" | ");
  if (schema.type === "array") return `${nameOf(schema.items)}[]`;
  return schema.contentMediaType || schema.format === "binary" ? "file" : schema.type ?? "any";
};

function rows(schema) {
  const needed = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).map(([name, property]) => node(
    "tr", {}, node("th", { scope: "row" }, node("code", {}, name)),
    node("td", {}, nameOf(property) + (needed.includes(name) ? "" : ", if wanted")),
    node("td", {}, property.description ?? ""),
  ));
}

for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const sent = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
    const given = Object.values(operation.responses["200"]?.content ?? {})[0]?.schema;
    const table = sent ? [node("table", {}, node("tbody", {}, ...rows(schemas[nameOf(sent)])))] : [];
    $("operations").append(node(
      "section", {}, node("h2", {}, node("code", {}, `${method.toUpperCase()} ${path}`)),
      node("p", {}, operation.description ?? ""), ...table, node("p", { className: "soft" }, `gives ${nameOf(given) || "a file"}`),
    ));
  }
}
for (const [name, schema] of Object.entries(schemas).filter(([, each]) => each.properties && !/^(Body_|HTTP|Validation)/.test(each.title ?? ""))) {
  $("operations").append(node("section", {}, node("h2", {}, name), node("p", {}, schema.description ?? ""), node("table", {}, node("tbody", {}, ...rows(schema)))));
}

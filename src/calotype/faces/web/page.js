// Shows /openapi.json: operations by subject, with their parameters, bodies and answers.
// Whatever the document says becomes text of the page, never a part of its structure.

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

// How many objects are shown inside each other before one has to be opened.
const OPEN_LEVELS = 1;

/** An element with *attributes* and *children*: texts, elements, or nothing. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

/** *text* with what stands between backticks as code. */
function prose(text) {
  return (text ?? "").split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

class Page {
  constructor(told) {
    this.told = told;
  }

  /** What a reference means, and *part* itself if it is none; what stands beside the reference counts. */
  resolved(part) {
    if (!part?.$ref) return part ?? {};
    const path = part.$ref.slice(2).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const { $ref, ...beside } = part;
    return { ...this.resolved(path.reduce((at, key) => at[key], this.told)), ...beside };
  }

  operations(tag) {
    return Object.entries(this.told.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]?.tags.includes(tag)).map((method) => ({
        path,
        method,
        ...item[method],
        parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => this.resolved(one)),
      })),
    );
  }

  section(tag) {
    return make(
      "section",
      {},
      make("h2", {}, tag.name),
      make("p", {}, prose(tag.description)),
      this.operations(tag.name).map((operation) => this.article(operation)),
    );
  }

  article(operation) {
    const { method, path, operationId } = operation;
    return make(
      "article",
      { id: operationId },
      make(
        "details",
        {},
        make(
          "summary",
          {},
          make("h3", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), path),
          make("span", { class: "summary" }, prose(operation.summary)),
        ),
        operation.description && make("p", {}, prose(operation.description)),
        operation.security?.length === 0 ? make("p", { class: "note" }, "No token is asked for.") : undefined,
        this.parameters(operation.parameters),
        this.body(operation.requestBody),
        this.answers(operation.responses),
      ),
    );
  }

  parameters(parameters) {
    if (!parameters.length) return [];
    const rows = parameters.map((one) =>
      make(
        "tr",
        {},
        make("td", {}, make("code", {}, one.name), one.required ? " *" : ""),
        make("td", { class: "type" }, one.in),
        make("td", { class: "type" }, this.type(one.schema)),
        make("td", {}, prose(one.description)),
      ),
    );
    return [make("h4", {}, "Parameters"), make("table", {}, make("tbody", {}, rows))];
  }

  body(body) {
    if (!body) return [];
    const told = this.resolved(body);
    return [make("h4", {}, told.required ? "Body *" : "Body"), make("p", {}, prose(told.description)), this.content(told.content)];
  }

  answers(responses) {
    const rows = Object.entries(responses).map(([code, response]) => {
      const told = this.resolved(response);
      const headers = Object.keys(told.headers ?? {}).filter((name) => name !== "X-Openstack-Request-Id");
      return make(
        "tr",
        {},
        make("th", {}, code),
        make(
          "td",
          {},
          prose(told.description),
          headers.length ? make("div", { class: "type" }, `With ${headers.join(", ")}.`) : undefined,
          code < "400" ? this.content(told.content) : [],
        ),
      );
    });
    return [make("h4", {}, "Answers"), make("table", {}, make("tbody", {}, rows))];
  }

  content(content) {
    return Object.entries(content ?? {}).map(([type, { schema }]) =>
      make("div", {}, make("code", {}, type), " ", this.shape(schema, 0)),
    );
  }

  /** What a schema allows, in a word or two. */
  type(part) {
    const schema = this.resolved(part);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => (value === null ? "null" : value)).join(", ");
    if (schema.oneOf ?? schema.anyOf) return "one of several";
    const types = [schema.type ?? []].flat();
    const items = schema.items ? ` of ${this.type(schema.items)}` : "";
    const bounds = [schema.minimum !== undefined && `from ${schema.minimum}`, schema.maximum < 2 ** 53 && `to ${schema.maximum}`];
    const length = schema.maxLength !== undefined && `at most ${schema.maxLength} characters`;
    return [types.join(" or ") + items, ...bounds, length].filter(Boolean).join(", ");
  }

  /** An object's properties, those of objects inside it behind a click. */
  shape(part, level) {
    const schema = this.resolved(part);
    const inner = schema.items ? this.resolved(schema.items) : schema;
    const choices = inner.oneOf ?? inner.anyOf;
    if (choices) return make("div", { class: "shape" }, choices.map((one) => this.shape(one, level + 1)));
    const properties = [...(inner.allOf ?? []), inner].flatMap((one) => Object.entries(this.resolved(one).properties ?? {}));
    const described = [make("span", { class: "type" }, this.type(schema)), " ", prose(schema.description)];
    if (!properties.length) return make("span", {}, described);
    const rows = properties.map(([name, value]) =>
      make("div", {}, make("code", {}, name), inner.required?.includes(name) ? " * " : " ", this.shape(value, level + 1)),
    );
    const others = inner.additionalProperties;
    if (others) rows.push(make("div", {}, make("em", {}, "any other"), " ", this.shape(others === true ? {} : others, level + 1)));
    const opened = level <= OPEN_LEVELS ? { open: "" } : {};
    return make("details", opened, make("summary", {}, described), make("div", { class: "shape" }, rows));
  }

  contents(tag) {
    const links = this.operations(tag.name).map(({ method, path, operationId, summary }) =>
      make("a", { href: `#${operationId}`, title: `${method.toUpperCase()} ${path}` }, prose(summary)),
    );
    return make("div", {}, make("h2", {}, tag.name), links);
  }
}

/** Opens the operation that the address names. */
function openNamed() {
  const article = document.getElementById(location.hash.slice(1));
  const details = article?.querySelector("details");
  if (!details) return;
  details.open = true;
  article.scrollIntoView();
}

/** Leaves what holds *words*, all of them. */
function find(words) {
  const wanted = words.toLowerCase().split(/\s+/);
  for (const article of document.querySelectorAll("article")) {
    const text = article.querySelector("summary").textContent.toLowerCase();
    article.hidden = !wanted.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("article:not([hidden])");
}

const answer = await fetch("/openapi.json");
const page = new Page(await answer.json());
const { title, version, description } = page.told.info;
document.getElementById("title").textContent = `${title} ${version}`;
document.getElementById("said").replaceChildren(...prose(description));
document.getElementById("operations").append(...page.told.tags.map((tag) => page.section(tag)));
document.getElementById("contents").append(...page.told.tags.map((tag) => page.contents(tag)));
document.getElementById("find").addEventListener("input", (event) => find(event.target.value));
addEventListener("hashchange", openNamed);
openNamed();

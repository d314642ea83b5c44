// Copying: buttons next to ids, and exact numbers and raw lines in selections.
function newElement(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

// Browsers provide no clipboard to pages loaded over plain HTTP, or in a frame without permission.
function copyByCommand(text) {
  const field = newElement("textarea", { value: text, className: "spoken" });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

// A button that copies the text returned by `read`; `what` names it for screen readers.
export function copyButton(read, what) {
  const button = newElement("button", { type: "button", className: "copy", textContent: "Copy" });
  button.append(newElement("span", { className: "spoken", textContent: ` ${what}` }));
  const word = button.firstChild;
  button.addEventListener("click", async () => {
    word.data = (await copyText(read())) ? "Copied" : "Not copied";
    setTimeout(() => (word.data = "Copy"), 2000);
  });
  return button;
}

// The text of a selection with exact numbers instead of rounded ones; null without numbers.
function exactText(selection) {
  const range = selection.getRangeAt(0);
  const around = range.commonAncestorContainer;
  const number = (around.closest ? around : around.parentElement).closest("data");
  if (number) return selection.toString() === number.textContent ? number.value : null;
  const copy = newElement("div", { className: "spoken" });
  copy.append(range.cloneContents());
  const numbers = copy.querySelectorAll("data");
  if (!numbers.length) return null;
  for (const { firstChild, value } of numbers) firstChild.data = value;
  document.body.append(copy);
  const text = copy.innerText;
  copy.remove();
  return text;
}

addEventListener("copy", (event) => {
  const selection = getSelection();
  const text = selection.isCollapsed ? null : exactText(selection);
  if (text === null) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
});

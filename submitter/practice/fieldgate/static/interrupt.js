// What a portal may put between a person and its page; which of it is in data-with, its words in data-words.
const { with: kind, words } = document.currentScript.dataset;
if (kind === "alert_dialog") window.alert(words);
if (kind === "advert_tab") window.open(document.querySelector("link[rel=icon]").href, "_blank");
if (kind === "leave_dialog") window.addEventListener("beforeunload", (event) => event.preventDefault());
if (kind === "confirm_dialog") {
  for (const form of document.querySelectorAll("main form, body.work form")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(words)) event.preventDefault();
    });
  }
}

// What a portal may do to its own views, or put between a person and them; the server says when.
export function strike(main, odd) {
  if ("double_response" in odd) main.append(...[...main.children].map((child) => child.cloneNode(true)));
  if ("alert_dialog" in odd) window.alert(odd.alert_dialog);
  if ("advert_tab" in odd) window.open("/static/meridian.svg", "_blank");
  if ("leave_dialog" in odd) window.addEventListener("beforeunload", (event) => event.preventDefault());
  if ("confirm_dialog" in odd) {
    main.addEventListener("click", (event) => {
      if (!event.target.closest("button.main") || window.confirm(odd.confirm_dialog)) return;
      event.stopPropagation();
      event.preventDefault();
    }, { capture: true, signal: untilNextView(main) });
  }
}

// A listener on the main part itself must not outlive the view that it is for.
function untilNextView(main) {
  const ends = new AbortController();
  const observer = new MutationObserver(() => {
    if (main.querySelector(":scope > .busy")) {
      ends.abort();
      observer.disconnect();
    }
  });
  observer.observe(main, { childList: true });
  return ends.signal;
}

export function handOut(view, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([view.innerText], { type: "text/plain" }));
  link.download = name;
  link.click();
}

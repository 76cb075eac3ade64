// Lets the design system's own scripts do their small work. Without them every page still does its own.

import { initAll } from "/static/web/vendor/govuk-frontend/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

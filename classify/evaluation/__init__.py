"""Laboratory: how good the classifiers, features and pages are."""

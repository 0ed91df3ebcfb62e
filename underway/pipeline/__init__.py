"""What the jobs of .gitlab-ci.yml do, and running that file on one's own machine."""
